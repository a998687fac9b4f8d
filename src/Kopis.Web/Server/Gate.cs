using System.Diagnostics;
using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Web.Html;
using Kopis.Web.Login;
using Kopis.Web.Own;
using Kopis.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Kopis.Web.Server;

/// <summary>Checks each request before a page sees it: whether it is for our name, whether it comes
/// from our own page, and whether its client has signed in.</summary>
internal sealed class Gate(Dashboard dashboard, HostNames names)
{
    private const string Bearer = "Bearer ";
    private const string FormType = "application/x-www-form-urlencoded";

    private static readonly FormOptions FormLimits = new()
    {
        BufferBody = false,
        KeyLengthLimit = 64,
        ValueLengthLimit = 4096,
        ValueCountLimit = 100,
    };

    private readonly Cookies _cookies = new(names);
    private readonly OwnGate _own = new(dashboard, names);
    private readonly LogThrottle _log = new(ErrorLog.Write, dashboard.Clock);

    /// <summary>Answers a request.</summary>
    internal async Task HandleAsync(HttpContext http)
    {
        try
        {
            Headers(http.Response.Headers);
            await AnswerAsync(http);
        }
        catch (BadHttpRequestException e)
        {
            http.Response.StatusCode = e.StatusCode;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException
            or InvalidDataException)
        {
            // The client is gone, or the body is not a valid form.
            http.Response.StatusCode = http.Response.HasStarted
                ? http.Response.StatusCode : StatusCodes.Status400BadRequest;
        }
        catch (Exception e)
        {
            ErrorLog.Throw(e);
            throw new UnreachableException();
        }
    }

    private static void Headers(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; "
            + "style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
            + "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin"; // Stricter values make a form's Origin null.
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        headers.CacheControl = "no-store";
    }

    private async Task AnswerAsync(HttpContext http)
    {
        HttpRequest request = http.Request;
        bool isPost = HttpMethods.IsPost(request.Method);
        if (!names.Contains(request))
        {
            await RefuseAsync(http, StatusCodes.Status421MisdirectedRequest,
                "This name is not one of the dashboard's (control/webnames).");
        }
        else if (!isPost && !HttpMethods.IsGet(request.Method)
            && !HttpMethods.IsHead(request.Method))
        {
            http.Response.Headers.Allow = "GET, HEAD, POST";
            await RefuseAsync(http, StatusCodes.Status405MethodNotAllowed, "Not here.");
        }
        else if (isPost && !names.IsOwnOrigin(request))
        {
            await RefuseAsync(http, StatusCodes.Status403Forbidden,
                "This form is not one of the dashboard's own pages.");
        }
        else if (isPost && !IsForm(request))
        {
            await RefuseAsync(http, StatusCodes.Status415UnsupportedMediaType, "Not a form.");
        }
        else if (!isPost && await Assets.TrySendAsync(http))
        {
            return;
        }
        else if (request.Path == "/health" && !isPost)
        {
            await HealthAsync(http);
        }
        else if (request.Path == "/metrics" && !isPost)
        {
            await MetricsAsync(http);
        }
        else if (OwnGate.Has(request.Path.Value ?? ""))
        {
            (Reply reply, Markup menu) = await _own.AnswerAsync(
                http, isPost ? await ReadFormAsync(http) : null);
            await SendAsync(http, reply, menu);
        }
        else if (request.Path == "/login")
        {
            await LoginAsync(http, isPost);
        }
        else
        {
            await PageAsync(http, isPost);
        }
    }

    private static bool IsForm(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
        && type.MediaType.Equals(FormType, StringComparison.OrdinalIgnoreCase)
        && (type.Charset.Length == 0 // Reading others may throw (UTF-7).
            || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    /// <summary>For monitors that check whether the dashboard answers; tells nothing about the
    /// mail.</summary>
    private Task HealthAsync(HttpContext http)
    {
        bool isWell = dashboard.Feed is { SendFault: null, JournalFault: null };
        http.Response.StatusCode = isWell ? 200 : StatusCodes.Status503ServiceUnavailable;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(isWell ? "ok\n" : "qmail-send or the journal is missing\n");
    }

    /// <summary>For a monitor, which has a token but no session.</summary>
    private async Task MetricsAsync(HttpContext http)
    {
        if (http.Request.Headers.Authorization is not [{ } given]
            || !given.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            || !dashboard.Password.IsToken(given[Bearer.Length..]))
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            http.Response.Headers.WWWAuthenticate = Bearer.Trim();
            return;
        }

        byte[] text;
        try
        {
            text = await dashboard.Metrics.ReadAsync(http.RequestAborted);
        }
        catch (IOException e)
        {
            ErrorLog.Write($"kopis-web: {e.Message}");
            text = [];
        }

        http.Response.StatusCode = text.Length > 0 ? 200 : StatusCodes.Status503ServiceUnavailable;
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        http.Response.ContentLength = text.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(text);
        }
    }

    private async Task LoginAsync(HttpContext http, bool isPost)
    {
        string? hash = dashboard.Password.Read();
        if (!isPost || hash is null)
        {
            await SendAsync(http, LoginPage.Show(
                hash is null ? "No password is set: run kopis web password." : null), null);
            return;
        }

        IFormCollection form = await ReadFormAsync(http);
        byte[] browserKey = PasswordFile.BrowserKey(hash);
        uint uid = http.Features.GetRequiredFeature<ClientUser>().Uid;
        LookupVerdict verdict = await dashboard.SignIn.JudgeAsync(
            uid, KnownBrowser.Find(_cookies.BrowserOf(http), browserKey),
            SignIn.Bytes(form["password"] is [{ } password] ? password : ""), hash,
            http.RequestAborted);
        if (verdict == LookupVerdict.Yes)
        {
            ErrorLog.Write($"kopis-web: login by uid {uid}: ok");
            dashboard.Sessions.End(_cookies.SessionOf(http));
            _cookies.Set(
                http, dashboard.Sessions.Begin(PasswordFile.Fingerprint(hash)), browserKey);
            await SendAsync(http, Reply.GoTo("/"), null);
            return;
        }

        bool isWrong = verdict == LookupVerdict.No;
        string what = isWrong ? "failed" : "refused";
        _log.Write($"kopis-web: logins {what}", $"kopis-web: login by uid {uid}: {what}");
        await SendAsync(
            http, isWrong
                ? LoginPage.Show("The password is wrong.") with { Status = 403 }
                : LoginPage.Show("Too many wrong passwords. Try again later.") with
                {
                    Status = 429,
                },
            null);
    }

    private async Task PageAsync(HttpContext http, bool isPost)
    {
        string path = http.Request.Path.Value ?? "";
        bool isLive = path == "/live";
        Session? session = dashboard.Password.Read() is { } hash
            ? dashboard.Sessions.Find(
                _cookies.SessionOf(http), PasswordFile.Fingerprint(hash), isPage: !isLive)
            : null;
        if (session is null)
        {
            await SendAsync(http, isPost || isLive
                ? Reply.Refusal(StatusCodes.Status401Unauthorized, "Sign in first.")
                : Reply.GoTo("/login"), null);
            return;
        }

        if (isLive && !isPost)
        {
            await LiveData.SendAsync(http, dashboard);
            return;
        }

        IFormCollection form = isPost ? await ReadFormAsync(http) : FormCollection.Empty;
        if (isPost && !HasToken(form, session))
        {
            await SendAsync(http, Reply.Refusal(
                StatusCodes.Status403Forbidden,
                "This form is of another session. Go back, load its page again, and repeat."),
                session);
            return;
        }

        if (isPost && path == "/logout")
        {
            dashboard.Sessions.End(_cookies.SessionOf(http));
            _cookies.End(http);
            await SendAsync(http, Reply.GoTo("/login"), null);
            return;
        }

        await SendAsync(
            http, await AskAsync(path, isPost, new Visit(
                dashboard, session, http.Request.Query, form, http.RequestAborted)),
            session);
    }

    private static async Task<Reply> AskAsync(string path, bool isPost, Visit visit)
    {
        if (PageTable.Find(path, isPost) is not { } page)
        {
            return Reply.Refusal(StatusCodes.Status404NotFound, "There is no such page.");
        }

        try
        {
            return await page(visit);
        }
        catch (ConfigurationException e)
        {
            return Reply.Refusal(StatusCodes.Status503ServiceUnavailable, Shown.Text(e.Message));
        }
    }

    private static bool HasToken(IFormCollection form, Session session) =>
        form["csrf"] is [{ } token] && Secrets.AreSame(token, session.Token);

    private static Task<IFormCollection> ReadFormAsync(HttpContext http) =>
        new FormFeature(http.Request, FormLimits).ReadFormAsync(http.RequestAborted);

    private Task RefuseAsync(HttpContext http, int status, string why) =>
        SendAsync(http, Reply.Refusal(status, why), null);

    private Task SendAsync(HttpContext http, Reply reply, Session? session) => SendAsync(
        http, reply, session is null ? Markup.None
            : Layout.Menu(http.Request.Path.Value ?? "", session));

    private async Task SendAsync(HttpContext http, Reply reply, Markup menu)
    {
        http.Response.StatusCode = reply.Status;
        if (reply.Location is { } location)
        {
            http.Response.Headers.Location = location;
            return;
        }

        string page = Layout.Of(dashboard.HostName, reply, menu).ToString();
        byte[] bytes = Encoding.UTF8.GetBytes(page);
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(bytes);
        }
    }
}
