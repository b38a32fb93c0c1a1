import { useQuery } from "@tanstack/react-query";
import { api, bearer, fileAddress, Problem, take, type Schemas } from "../api";

export type Document = Schemas["DocumentOut"];

const LOOK_AGAIN = 1000;

/** The body of a call that takes one file. The reference's types know a file as text. */
export function fileBody(file: File) {
  const body = new FormData();
  body.append("file", file);
  return body as FormData & { file: string };
}

/** Let the browser keep what a call answered as a file of this name. */
export function keepFile(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Send a file, for courses or as evidence; `sent` hears which share of it has gone, 0 to 1. `fetch` cannot tell that. */
export function upload(file: File, sent: (share: number) => void, evidence = false): Promise<Document> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", evidence ? "/api/documents/?for=evidence" : "/api/documents/");
    request.setRequestHeader("Authorization", `Bearer ${bearer()}`);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) sent(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      const answer: unknown = request.response;
      if (request.status < 300) resolve(answer as Document);
      else reject(new Problem(new Response(null, { status: request.status }), (answer ?? undefined) as Partial<Schemas["Problem"]> | undefined));
    });
    request.addEventListener("error", () => reject(new TypeError("The service does not answer.")));
    request.send(fileBody(file));
  });
}

/** One document; asked again until its conversion is over. */
export const useDocument = (id: string | null) =>
  useQuery({
    queryKey: ["document", id],
    queryFn: () => take(api.GET("/api/documents/{document_id}/", { params: { path: { document_id: id ?? "" } } })),
    enabled: id !== null,
    refetchInterval: (query) => (query.state.data?.status === "converting" ? LOOK_AGAIN : false),
  });

const OURS = /^(?:document:|\/api\/documents\/)([0-9a-f-]{36})/;

/** The id of the document that a tree or a setting names; null for another address. */
export const documentId = (reference: string | null | undefined): string | null => (reference && OURS.exec(reference)?.[1]) || null;

/** Where a browser reads a document's file, for a quarter of an hour at most. */
export const useFileAddress = (id: string | null) =>
  useQuery({
    queryKey: ["document", id, "address"],
    queryFn: () => fileAddress(`/api/documents/${id ?? ""}/file/`),
    enabled: id !== null,
    staleTime: 240_000,
  });
