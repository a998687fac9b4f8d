using Kopis.Users.Settings;
using Kopis.Web.Html;
using Kopis.Web.Pages;
using Kopis.Web.Server;

namespace Kopis.Web.Own;

/// <summary>The page of a mail user, and the form to sign in to it.</summary>
internal static class OwnPage
{
    /// <summary>Says why a session is over.</summary>
    internal const string Over =
        "Your session has ended: the account was locked or removed, or its password was changed, "
        + "or this host was started anew. Sign in again.";

    /// <summary>Says why nothing can be done at present.</summary>
    internal const string Unknown =
        "Whether your login still holds is not known at present. Try again.";

    private const int NameMax = 320; // RFC 5321 §4.5.3.1: 64 + "@" + 255.

    /// <summary>The form to sign in.</summary>
    /// <param name="fault">What went wrong; null: nothing.</param>
    /// <param name="said">What succeeded; null: nothing.</param>
    internal static Reply SignIn(string? fault, string? said = null) => Reply.Page("Your mail", $"""
        {Layout.Warning(fault)}{Good(said)}
        <form class="login" method="post" action="/own/login">
        <p><label for="name">Address</label>
        <input id="name" name="name" autocomplete="username" required autofocus
        maxlength="{NameMax}" spellcheck="false" autocapitalize="none"></p>
        <p><label for="password">Password of your mail</label>
        <input id="password" name="password" type="password" autocomplete="current-password"
        required maxlength="{Login.SignIn.PasswordBytesMax}"></p>
        <p><button class="main">Sign in</button></p>
        </form>
        <p class="note"><a href="/login">For the administrator</a></p>

        """);

    /// <summary>The page with the user's settings.</summary>
    /// <param name="session">The user's session.</param>
    /// <param name="settings">The settings; null if they cannot be read.</param>
    /// <param name="fault">What went wrong; null: nothing.</param>
    /// <param name="said">What succeeded; null: nothing.</param>
    internal static Reply Show(
        OwnSession session, UserSettings? settings, string? fault, string? said) =>
        Reply.Page("Your mail", $"""
            <p>{Shown.Text(session.Account)}</p>
            {Layout.Warning(fault is null ? null : Shown.Text(fault))}{Good(said)}
            {(settings is null ? Markup.None : MailForm(session, settings))}
            <h2>Password</h2>
            {(session.IsVirtual ? PasswordForm(session) : Markup.Of(
                $"<p>It is that of your login on this host: <code>passwd</code> changes it.</p>"))}
            """) with
        { Status = fault is null ? 200 : 400 };

    private static Markup MailForm(OwnSession session, UserSettings settings) => $"""
        <form class="own" method="post" action="/own/mail">{Layout.Token(session.Token)}
        <h2>Forward</h2>
        <p><label for="forwards">Addresses that each message goes to, one a line</label>
        <textarea id="forwards" name="forwards" rows="3" spellcheck="false"
        autocapitalize="none">{string.Join('\n', settings.Forwards)}</textarea></p>
        <p class="choice">{Box("copy", settings.KeepsCopy)}
        <label for="copy">Keep a copy in the mailbox</label></p>
        <h2>While you are away</h2>
        <p class="choice">{Box("away", settings.IsAway)}
        <label for="away">Answer who writes to you, once in seven days</label></p>
        {(settings.AwayText is null ? AnswerByHand : Answer(settings.AwayText))}
        <p><button class="main">Save</button></p>
        </form>

        """;

    private static Markup Answer(string text) => $"""
        <p><label for="text">The answer</label>
        <textarea id="text" name="text" rows="6"
        maxlength="{UserSettings.AwayCharactersMax}">{text}</textarea></p>
        """;

    private static Markup AnswerByHand => $"""
        <p class="note">The answer, <code>.vacation.msg</code>, was written by hand, and is left
        alone.</p><input type="hidden" name="byhand" value="yes">
        """;

    private static Markup PasswordForm(OwnSession session) => $"""
        <form class="own" method="post" action="/own/password">{Layout.Token(session.Token)}
        <p><label for="current">Password of now</label>
        {Secret("current", "current-password")}</p>
        <p><label for="wanted">New password, of 8 bytes at least</label>
        {Secret("wanted", "new-password")}</p>
        <p><label for="again">New password, once more</label>
        {Secret("again", "new-password")}</p>
        <p><button class="main">Change the password</button></p>
        <p class="note">Sessions and programs that read your mail have to sign in again.</p>
        </form>

        """;

    private static Markup Secret(string name, string kind) => $"""
        <input id="{name}" name="{name}" type="password" autocomplete="{kind}" required
        maxlength="{Login.SignIn.PasswordBytesMax}">
        """;

    private static Markup Box(string name, bool isSet) => isSet
        ? Markup.Of($"""<input type="checkbox" id="{name}" name="{name}" value="yes" checked>""")
        : $"""<input type="checkbox" id="{name}" name="{name}" value="yes">""";

    private static Markup Good(string? text) => text is null
        ? Markup.None
        : $"""<p class="good" role="status">{text}</p>""";
}
