mod events;
mod hostile;
mod over_http;
mod requests;
