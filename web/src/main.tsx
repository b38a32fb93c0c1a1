import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api";
import { chooseLanguage, WordsProvider } from "./i18n";
import { Toasts } from "./parts/toasts";
import { useMe, usePreferences } from "./parts/queries";
import { readTheme } from "./parts/theme";
import { router } from "./routes";
import { SignInAgain } from "./screens/again";
import { SignIn } from "./screens/signin";
import { SessionProvider, useSession } from "./session";
import "./style.css";

const MOST_TRIES = 2;
const queries = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 10_000, retry: (tries, error) => !(error instanceof Problem && error.status < 500) && tries < MOST_TRIES },
    mutations: { retry: false },
  },
});

/** Words in the person's language, as soon as the service has told which one. */
function Spoken({ children }: { children: ReactNode }) {
  const me = useMe();
  const preferences = usePreferences(me.data?.is_member === true);
  const chosen = preferences.data?.locale ?? me.data?.member?.locale;
  const language = chooseLanguage([chosen, ...navigator.languages, me.data?.organization?.locale]);
  return (
    <WordsProvider language={language} timeZone={me.data?.organization?.timezone}>
      {children}
    </WordsProvider>
  );
}

function Application() {
  const { user, expired } = useSession();
  if (!user) {
    return (
      <WordsProvider language={chooseLanguage(navigator.languages)} timeZone={undefined}>
        <SignIn />
      </WordsProvider>
    );
  }
  return (
    <Spoken key={user}>
      <Toasts>
        <RouterProvider router={router} />
        {expired ? <SignInAgain /> : null}
      </Toasts>
    </Spoken>
  );
}

document.documentElement.dataset["theme"] = readTheme();
const place = document.getElementById("root");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <SessionProvider>
          <Application />
        </SessionProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
