export { Bag, type Bagged } from "./bag.js";
