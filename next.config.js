/** @type {import("next").NextConfig} */
const config = {
  // A second server on the same tree needs a place of its own to build into.
  distDir: process.env.NEXT_DIST_DIR ?? ".next",
  poweredByHeader: false,
  reactStrictMode: true,
  // The checks of `npm test` cover types and lint; a start on a user's machine need not repeat them.
  typescript: { ignoreBuildErrors: true },
  // The server streams and compresses nothing.
  compress: false,
  devIndicators: false,
  // In development the pages are served at this address as well as at localhost.
  allowedDevOrigins: ["127.0.0.1"],
};

export default config;
