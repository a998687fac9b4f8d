namespace Kopis.Host.Run;

/// <summary>
/// A port of a mail host, and what serves it. <c>kopis run</c> and the units of systemd are made
/// from this list. Passwords of senders are taken under TLS only, whichever port it is.
/// </summary>
/// <param name="Name">Its option and, after <c>kopis-</c>, its unit.</param>
/// <param name="Port">On an installed host.</param>
/// <param name="TrialPort">In <c>kopis run</c>, on 127.0.0.1.</param>
/// <param name="GivesMailOut">POP3, not SMTP.</param>
/// <param name="IsOptional">kopis run does without it where its place is taken.</param>
/// <param name="Variables">What its programs find in their environment, empty.</param>
/// <param name="Sessions">At once; more wait in the kernel.</param>
/// <param name="Title">What it is, in a word.</param>
/// <param name="Note">What it is for.</param>
public sealed record MailListener(
    string Name, int Port, int TrialPort, bool GivesMailOut, bool IsOptional,
    IReadOnlyList<string> Variables, int Sessions, string Title, string Note)
{
    private const int SmtpSessions = 1000;
    private const int UserSessions = 200; // Clients of users come and go.

    /// <summary>All of them.</summary>
    public static IReadOnlyList<MailListener> All { get; } =
    [
        new(
            "smtp", 25, 2525, GivesMailOut: false, IsOptional: false, [], SmtpSessions,
            "SMTP", "where mail comes from other hosts"),
        new(
            "pop3", 110, 2110, GivesMailOut: true, IsOptional: false, [], UserSessions,
            "POP3", "where users fetch mail, after STLS"),
        new(
            "submission", 587, 2587, GivesMailOut: false, IsOptional: true,
            ["SUBMISSION", "RBLSMTPD"], UserSessions,
            "sending", "where users send, after STARTTLS and AUTH"),
        new(
            "submissions", 465, 2465, GivesMailOut: false, IsOptional: true,
            ["SUBMISSION", "RBLSMTPD", "SMTPS"], UserSessions,
            "sending", "the same over TLS from the start"),
        new(
            "pop3s", 995, 2995, GivesMailOut: true, IsOptional: true, ["POP3S"], UserSessions,
            "POP3", "where users fetch mail over TLS from the start"),
    ];

    /// <summary>Its option of <c>kopis run</c>.</summary>
    public string Option => "--" + Name;

    /// <summary>Its unit.</summary>
    public string Unit => $"kopis-{Name}.service";

    /// <summary>Whether only users come there.</summary>
    public bool IsForUsers => GivesMailOut || Variables.Contains("SUBMISSION");

    /// <summary>The programs that serve a client.</summary>
    /// <param name="host">Our name.</param>
    /// <param name="bin">Where programs are: a prefix, empty where PATH tells.</param>
    /// <param name="takesLogins">Whether a sender may log in.</param>
    public IReadOnlyList<string> Chain(string host, string bin, bool takesLogins) =>
        GivesMailOut
            ? [bin + "qmail-popup", host, bin + "checkpassword", bin + "qmail-pop3d", "Maildir"]
        : takesLogins ? [bin + "qmail-smtpd", host, bin + "checkpassword", "true"]
        : [bin + "qmail-smtpd"];
}
