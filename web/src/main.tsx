import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRootRoute, createRoute, createRouter, Link, RouterProvider } from "@tanstack/react-router";
import { StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api";
import { Frame } from "./frame";
import { chooseLanguage, useWords, WordsProvider } from "./i18n";
import { NotHere } from "./parts/basics";
import { useMe, usePreferences } from "./parts/queries";
import { readTheme } from "./parts/theme";
import { AttemptScreen } from "./screens/attempt";
import { Catalogue } from "./screens/catalogue";
import { Course } from "./screens/course";
import { Home } from "./screens/home";
import { LessonScreen } from "./screens/lesson";
import { Certificates, Notifications, Requirements } from "./screens/mine";
import { Preferences } from "./screens/preferences";
import { Quiz } from "./screens/quiz";
import { SignIn } from "./screens/signin";
import { SessionProvider, useSession } from "./session";
import "./style.css";

function NotFound() {
  const { t } = useWords();
  return (
    <NotHere>
      <p className="buttons start">
        <Link className="button" to="/">
          {t("backHome")}
        </Link>
      </p>
    </NotHere>
  );
}

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound });
const parent = () => root;
const routes = root.addChildren([
  createRoute({ getParentRoute: parent, path: "/", component: Home }),
  createRoute({ getParentRoute: parent, path: "/courses", component: Catalogue }),
  createRoute({ getParentRoute: parent, path: "/courses/$courseId", component: Course }),
  createRoute({ getParentRoute: parent, path: "/courses/$courseId/lessons/$itemId", component: LessonScreen }),
  createRoute({ getParentRoute: parent, path: "/courses/$courseId/$kind/$itemId", component: Quiz }),
  createRoute({ getParentRoute: parent, path: "/courses/$courseId/$kind/$itemId/attempts/$attemptId", component: AttemptScreen }),
  createRoute({ getParentRoute: parent, path: "/certificates", component: Certificates }),
  createRoute({ getParentRoute: parent, path: "/requirements", component: Requirements }),
  createRoute({ getParentRoute: parent, path: "/notifications", component: Notifications }),
  createRoute({ getParentRoute: parent, path: "/preferences", component: Preferences }),
]);
const router = createRouter({ routeTree: routes, basepath: "/app", defaultPreload: "intent" });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

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
  const { person } = useSession();
  if (!person) {
    return (
      <WordsProvider language={chooseLanguage(navigator.languages)} timeZone={undefined}>
        <SignIn />
      </WordsProvider>
    );
  }
  return (
    <Spoken key={person.user_id}>
      <RouterProvider router={router} />
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
