export default {
  projects: [
    "<rootDir>/packages/*",
    "<rootDir>/services/*",
    "<rootDir>/demo",
    "<rootDir>/bench",
  ],
};
