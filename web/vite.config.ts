import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The service that `npm run dev` shows its screens for.
const service = "http://127.0.0.1:8000";

const here = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname);

export default defineConfig({
  base: "/app/",
  plugins: [react()],
  resolve: {
    alias: {
      // The client that organizations use for their own frontends, from its sources.
      "learning-service-client": here("../clients/typescript/src/index.ts"),
      "openapi-fetch": here("node_modules/openapi-fetch"),
    },
  },
  build: {
    // A `data:` address would break the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { fs: { allow: [".."] }, proxy: { "/api": service, "/app/demonstration.json": service, "/app/config.json": service } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
