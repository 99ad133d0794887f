// The one place where htm meets Preact.  Text in templates is always text: Preact never parses it as HTML.

import htm from "htm";
import { Component, Fragment, h, render } from "preact";

export { useCallback, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
export { Fragment, render };

export const html = htm.bind(h);

/** A component that is drawn again only when one of its properties is another. */
export function memo(draw) {
  return class Memo extends Component {
    shouldComponentUpdate(props) {
      return !hasSameMembers(this.props, props);
    }

    render(props) {
      return draw(props);
    }
  };
}

function hasSameMembers(one, other) {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.is(one[name], other[name]));
}
