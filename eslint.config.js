import tseslint from "typescript-eslint";

// Biome formats and does the plain lint. What needs types is here: an unawaited promise is the bug of this kind of program.
const timers = ["setTimeout", "setInterval", "setImmediate", "performance"].map((name) => ({
  name,
  message: "Time comes from a Clock (kernel), so that tests can hold it still.",
}));

export default tseslint.config(
  { ignores: ["**/dist/**", "**/node_modules/**", "**/etc/**", ".tooling/**", "**/coverage/**"] },
  {
    files: ["packages/*/src/**/*.ts", "apps/*/src/**/*.ts"],
    ignores: ["**/*.test.ts"],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "@typescript-eslint": tseslint.plugin },
    rules: {
      "@typescript-eslint/no-floating-promises": ["error", { ignoreVoid: false }],
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
      "@typescript-eslint/only-throw-error": "error",
      "no-restricted-globals": ["error", ...timers],
      "no-restricted-properties": ["error", { object: "Date", property: "now", message: "Time comes from a Clock (kernel)." }],
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "Named exports only." },
        { selector: "TSEnumDeclaration", message: "Use a union of strings." },
      ],
    },
  },
  {
    files: ["packages/kernel/src/clock.ts"],
    rules: { "no-restricted-globals": "off", "no-restricted-properties": "off" },
  },
);
