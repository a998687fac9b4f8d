using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Settings;
using Kopis.Web.Html;
using Kopis.Web.Login;
using Kopis.Web.Pages;
using Kopis.Web.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Kopis.Web.Own;

/// <summary>Handles the requests of a mail user, which are all below <c>/own</c>. A mail user's
/// session opens no page of the administrator, and an administrator's session opens no page of a
/// user.</summary>
internal sealed class OwnGate(Dashboard dashboard, HostNames names)
{
    /// <summary>The path of the user's page.</summary>
    internal const string Place = "/own";

    private const string LoginPlace = "/own/login";
    private const string DidEnd = "end";
    private const int NameMax = 320;
    private const int WrongMax = 3; // After these the user has to sign in again, which is counted.

    private readonly Cookies _cookies = new(names, "kopis-own");
    private readonly LogThrottle _log = new(ErrorLog.Write, dashboard.Clock);

    /// <summary>Whether a path is one of a mail user's.</summary>
    internal static bool Has(string path) =>
        path == Place || path.StartsWith("/own/", StringComparison.Ordinal);

    /// <summary>Answers a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="form">The form that it posts; null if it is not a POST.</param>
    /// <returns>The answer, and the menu above it.</returns>
    internal async Task<(Reply Reply, Markup Menu)> AnswerAsync(
        HttpContext http, IFormCollection? form)
    {
        string path = http.Request.Path.Value ?? "";
        if (path == LoginPlace)
        {
            return (form is null ? ShowLogin(http.Request.Query["did"])
                : await LoginAsync(http, form), Markup.None);
        }

        string secret = _cookies.SessionOf(http);
        (OwnSession? session, LookupVerdict holds) =
            await dashboard.Own.FindAsync(secret, http.RequestAborted);
        if (session is null || holds != LookupVerdict.Yes)
        {
            return (NoSession(isForm: form is not null, session is not null, holds), Markup.None);
        }

        Markup menu = Layout.SignOut(Layout.Token(session.Token), "/own/logout");
        if (form is null)
        {
            return (path == Place ? await ShowAsync(http, session) : NoPage, menu);
        }

        if (!Secrets.AreSame(One(form["csrf"], NameMax), session.Token))
        {
            return (Reply.Refusal(
                StatusCodes.Status403Forbidden,
                "This form is of another session. Go back, load its page again, and repeat."),
                menu);
        }

        switch (path)
        {
            case "/own/mail":
                return (await SaveAsync(http, form, session), menu);
            case "/own/password":
                return (await ChangePasswordAsync(http, form, session, secret), menu);
            case "/own/logout":
                dashboard.Own.Sessions.End(secret);
                _cookies.End(http);
                return (Reply.GoTo(LoginPlace), Markup.None);
            default:
                return (NoPage, menu);
        }
    }

    private static Reply ShowLogin(StringValues did) =>
        did == DidEnd ? OwnPage.SignIn(OwnPage.Over)
        : OwnPage.SignIn(null, did == "password"
            ? "The password is changed. Sign in with the new one." : null);

    private static Reply NoSession(bool isForm, bool hadOne, LookupVerdict holds) =>
        hadOne && holds != LookupVerdict.No
            ? Reply.Refusal(StatusCodes.Status503ServiceUnavailable, OwnPage.Unknown)
        : !isForm ? Reply.GoTo(Link.To(LoginPlace, ("did", hadOne ? DidEnd : null)))
        : Reply.Refusal(
            StatusCodes.Status401Unauthorized,
            hadOne ? $"Nothing was done. {OwnPage.Over}" : "Sign in first.");

    private static Reply NoPage =>
        Reply.Refusal(StatusCodes.Status404NotFound, "There is no such page.");

    private async Task<Reply> LoginAsync(HttpContext http, IFormCollection form)
    {
        string name = One(form["name"], NameMax).Trim();
        byte[] password = SignIn.Bytes(One(form["password"], SignIn.PasswordBytesMax));
        uint uid = http.Features.GetRequiredFeature<ClientUser>().Uid;
        byte[] key = dashboard.Own.BrowserKey(name.ToLowerInvariant());
        (LookupVerdict verdict, string secret) = await dashboard.Own.JudgeAsync(
            uid, KnownBrowser.Find(_cookies.BrowserOf(http), key), name, password,
            http.RequestAborted);
        string what = verdict switch
        {
            LookupVerdict.Yes => "ok",
            LookupVerdict.No => "failed",
            _ => "refused",
        };
        _log.Write(
            $"kopis-web: users' logins {what}",
            $"kopis-web: login of {Shown.Text(name)} by uid {uid}: {what}");
        if (verdict != LookupVerdict.Yes)
        {
            return verdict == LookupVerdict.No
                ? OwnPage.SignIn("Address or password is wrong.") with { Status = 403 }
                : OwnPage.SignIn(
                    "Nobody can be let in at present, or there were too many wrong passwords. "
                    + "Try again later.") with
                { Status = 429 };
        }

        dashboard.Own.Sessions.End(_cookies.SessionOf(http));
        _cookies.Set(http, secret, key);
        return Reply.GoTo(Place);
    }

    private async Task<Reply> ShowAsync(
        HttpContext http, OwnSession session, string? fault = null)
    {
        string? said = http.Request.Query["did"] == "mail" ? "Saved." : null;
        try
        {
            return OwnPage.Show(
                session, await dashboard.Own.ReadAsync(session, http.RequestAborted), fault, said);
        }
        catch (Exception e) when (e is ConfigurationException or IOException)
        {
            return OwnPage.Show(session, null, fault ?? Words(e), null) with
            {
                Status = fault is null ? 200 : 400,
            };
        }
    }

    private static string Words(Exception e) =>
        e is IOException ? $"{e.Message}: sign in again" : e.Message;

    private async Task<Reply> SaveAsync(
        HttpContext http, IFormCollection form, OwnSession session)
    {
        UserSettings wanted = new(
            [.. Lines(form["forwards"])
                .Select(line => UserSettings.Normalized(line.Trim()))
                .Where(line => line.Length > 0).Distinct()],
            form["copy"] == "yes", form["away"] == "yes",
            form["byhand"] == "yes"
                ? null : string.Join('\n', Lines(form["text"])).TrimEnd());
        try
        {
            string? fault = wanted.Fault()
                ?? (OwnAddress.IsAmong(dashboard.Control, session.Account, wanted.Forwards)
                    ? "mail would come back: your own address is among those to forward to"
                    : null);
            if (fault is not null)
            {
                return OwnPage.Show(session, wanted, fault, null);
            }

            UserSettings now =
                await dashboard.Own.WriteAsync(session, wanted, http.RequestAborted);
            ErrorLog.Write($"kopis-web: mail of {Shown.Text(session.Account)}: "
                + $"{now.Forwards.Count} forwards, {(now.KeepsCopy ? "a copy" : "no copy")}, "
                + (now.IsAway ? "answered" : "not answered"));
            return Reply.GoTo(Link.To(Place, ("did", "mail")));
        }
        catch (Exception e) when (e is ConfigurationException or IOException)
        {
            return OwnPage.Show(session, wanted, Words(e), null);
        }
    }

    private async Task<Reply> ChangePasswordAsync(
        HttpContext http, IFormCollection form, OwnSession session, string secret)
    {
        string wanted = One(form["wanted"], SignIn.PasswordBytesMax);
        string? fault = !session.IsVirtual ? "passwd changes it"
            : wanted.Length == 0 || wanted != One(form["again"], SignIn.PasswordBytesMax)
                ? "the new passwords differ"
            : await dashboard.OwnPassword.ChangeAsync(
                dashboard.Own.IsOneUser, session.Account,
                One(form["current"], SignIn.PasswordBytesMax), wanted);
        ErrorLog.Write($"kopis-web: password of {Shown.Text(session.Account)}: "
            + (fault is null ? "changed" : "not changed"));
        session.Wrong += fault == OwnPassword.Wrong ? 1 : 0;
        if (fault is null || session.Wrong >= WrongMax)
        {
            dashboard.Own.Sessions.End(secret);
            _cookies.End(http);
            return Reply.GoTo(Link.To(LoginPlace, ("did", fault is null ? "password" : null)));
        }

        return await ShowAsync(http, session, fault);
    }

    private static string One(StringValues values, int most) =>
        values is [{ } value] && value.Length <= most ? value : "";

    private static string[] Lines(StringValues values) =>
        One(values, 4096).ReplaceLineEndings("\n").Split('\n');
}
