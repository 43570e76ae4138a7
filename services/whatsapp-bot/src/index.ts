export { createWhatsAppBot, type WhatsAppBotDeps } from "./app.js";
export { readWhatsAppBotConfig, type WhatsAppBotConfig } from "./config.js";
