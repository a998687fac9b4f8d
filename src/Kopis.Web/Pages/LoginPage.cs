using Kopis.Web.Server;

namespace Kopis.Web.Pages;

/// <summary>The form that asks for the password.</summary>
internal static class LoginPage
{
    /// <summary>Shows the form.</summary>
    /// <param name="fault">What went wrong; null for nothing.</param>
    internal static Reply Show(string? fault) => Reply.Page("Sign in", $"""
        {Layout.Warning(fault)}
        <form class="login" method="post" action="/login">
        <p><label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password"
        required autofocus maxlength="{Login.SignIn.PasswordBytesMax}"></p>
        <p><button class="main">Sign in</button></p>
        </form>
        <p class="note">A new password: <code>kopis web password</code>, on the host.
        <a href="/own">For mail users</a></p>

        """);
}
