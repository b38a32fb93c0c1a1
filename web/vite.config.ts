import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The service that `npm run dev` shows its screens for.
const service = "http://127.0.0.1:8000";

export default defineConfig({
  base: "/app/",
  plugins: [react()],
  build: {
    // A `data:` address would break the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": service, "/app/demonstration.json": service } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
