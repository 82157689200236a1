export { Loading as default } from "@/components/shell/loading.tsx";
