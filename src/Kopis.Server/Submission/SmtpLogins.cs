using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;
using Kopis.Users.Logins;
using Kopis.Users.Lookup;

namespace Kopis.Server.Submission;

/// <summary>Chooses how a qmail-smtpd checks logins: by the program after HOST on its command line,
/// where <c>checkpassword true</c> has the meaning of qmail's AUTH patches; by
/// <c>control/dovecotauth</c>; and by an issuer of tokens.</summary>
internal static class SmtpLogins
{
    private const string Service = "smtp";

    /// <summary>The service that checks logins; null if there is none, so that AUTH is not offered.
    /// </summary>
    /// <param name="context">The program, or the listener.</param>
    /// <param name="words">The program's arguments: HOST, a checkpassword program, and the program
    /// that it would run.</param>
    /// <param name="lookup">Asked in place of our own checkpassword.</param>
    /// <exception cref="ConfigurationException">A control file cannot be parsed.</exception>
    internal static SaslService? Of(
        ProgramContext context, IReadOnlyList<byte[]> words, LookupClient lookup)
    {
        ControlDirectory control = ControlDirectory.Of(context);
        SharedLimits limits =
            new(lookup, new LoginLimiter(TimeProvider.System, LoginLimits.Read(control)));
        ILoginService? logins =
            control.ReadLine(LoginFiles.DovecotAuth) is { Length: > 0 } path
                ? Limit(new DovecotBackend(ByteText.ToText(path), Service), limits)
            : words.Count < 2 ? null
            : OwnProgram.NameOf(context.Environment, words[1]) == "checkpassword" ? lookup
            : Limit(
                new CheckpasswordBackend([.. words.Skip(1)], context.Environment), limits);
        BearerTokens? tokens = BearerTokens.In(control, TimeProvider.System);
        return logins is null && tokens is null
            ? null
            : new SaslService(
                logins, tokens, Limit(lookup, limits), lookup.IsUnlockedAsync)
            {
                Watch = new LoginWatch(context.Home, lookup, TimeProvider.System),
            };
    }

    private static LimitedLoginService Limit(ILoginService service, ILoginLimits limits) =>
        new(service, limits, TimeProvider.System);
}
