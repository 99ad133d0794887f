// What the address of the page asks for, and how the server is asked for it.

import { asParameter, startOfToday } from "../../loads.js";

export const PERIODS = { "": "All time", hour: "Last hour", today: "Today", week: "Last 7 days", between: "Between…" };
export const STATUSES = { "": "all", "2xx": "answered (2xx)", "4xx": "refused (4xx)", "5xx": "failed (5xx)", bad: "4xx and 5xx" };
const CODES = { bad: ["4xx", "5xx"] };

export function wishOf(query) {
  const get = (name, otherwise = "") => query.get(name) || otherwise;
  const filters = { model: get("model"), period: get("period"), status: get("status"), from: get("from"), until: get("until") };
  return {
    ...filters,
    view: get("view", "requests"),
    sort: get("sort", "id"),
    order: get("order", "desc"),
    limit: Number(get("limit", 50)),
    page: Number(get("page", 1)),
    isFiltered: Boolean(filters.model || filters.period || filters.status),
  };
}

export const NO_FILTERS = { model: "", period: "", status: "", from: "", until: "" };

/** The query of `GET /api/metrics/activity`. */
export function searchOf(wish) {
  const { sort, order, limit, page } = wish;
  return new URLSearchParams([["sort", sort], ["order", order], ["limit", limit], ["page", page], ...filtersOf(wish)]);
}

/** The query of `GET /api/metrics/stats`. */
export const statsSearchOf = (wish) => new URLSearchParams(filtersOf(wish));

/** The query of `GET /api/desktop/loads`. */
export function loadsSearchOf({ limit, page, ...wish }) {
  return new URLSearchParams([["limit", limit], ["page", page], ...filtersOf({ ...wish, status: "" })]);
}

function filtersOf({ model, period, status, from, until }) {
  const found = [];
  if (model) found.push(["model", model]);
  const start = startOf(period, from);
  if (start) found.push(["start", asParameter(start)]);
  const end = period === "between" && dateOf(until);
  if (end && !(start > end)) found.push(["end", asParameter(end)]);
  if (status) found.push(...(CODES[status] ?? [status]).map((code) => ["status", code]));
  return found;
}

function startOf(period, from) {
  switch (period) {
    case "hour":
      return new Date(Date.now() - 3_600_000);
    case "today":
      return startOfToday();
    case "week":
      return new Date(Date.now() - 7 * 86_400_000);
    case "between":
      return dateOf(from);
    default:
      return null;
  }
}

function dateOf(text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}
