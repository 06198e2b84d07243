// Where the API is: the one place that says so. `?api=https://…` in the address
// overrides it and is remembered, to look at another newsroom with the same reader.

const DEFAULT = 'http://127.0.0.1:8080';

const asked = new URLSearchParams(location.search).get('api');
if (asked !== null) localStorage.setItem('api', asked);

export const API = (localStorage.getItem('api') || DEFAULT).replace(/\/+$/, '');
