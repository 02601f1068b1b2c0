// Numbers as the page's language writes them, with the digits that the server writes, too.

export const LOCALE = `${document.documentElement.lang}-u-nu-latn`;

export const number = new Intl.NumberFormat(LOCALE);
