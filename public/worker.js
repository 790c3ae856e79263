// The page's long questions off its thread (jobs.js). If this cannot start, the page gets an `error` event on its
// `Worker` and does the work itself.

import { serve } from "./{{jobs}}";

serve(self).catch(reportError);
