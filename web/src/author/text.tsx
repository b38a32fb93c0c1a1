import { lazy, Suspense } from "react";
import { Loading } from "../parts/basics";

// The editor weighs as much as everything else; it comes when a text is edited.
const RichEditor = lazy(() => import("./rich"));

export function RichField(props: { label: string; value: string; change: (html: string) => void; isNew?: boolean }) {
  return (
    <Suspense fallback={<Loading lines={2} />}>
      <RichEditor {...props} />
    </Suspense>
  );
}
