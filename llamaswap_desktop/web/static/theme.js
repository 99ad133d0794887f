// Runs before the first paint, so that a page that was switched to dark never flashes white.
{
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
}
