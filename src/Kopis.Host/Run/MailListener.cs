namespace Kopis.Host.Run;

/// <summary>A port of a mail host, and the programs that serve it. <c>kopis run</c> and the units
/// of systemd are made from this list. On every port, passwords of senders are accepted under TLS
/// only.</summary>
/// <param name="Name">The name of its option and, after <c>kopis-</c>, of its unit.</param>
/// <param name="Port">The port on an installed host.</param>
/// <param name="TrialPort">The port of <c>kopis run</c>, on 127.0.0.1.</param>
/// <param name="GivesMailOut">Whether it serves POP3; else it serves SMTP.</param>
/// <param name="IsOptional">Whether kopis run goes on without it if its address is taken.</param>
/// <param name="Variables">Variables that its programs have in their environment, with empty
/// values.</param>
/// <param name="Sessions">Sessions at once; further ones wait in the kernel.</param>
/// <param name="Title">A short name for it.</param>
/// <param name="Note">What it is for.</param>
public sealed record MailListener(
    string Name, int Port, int TrialPort, bool GivesMailOut, bool IsOptional,
    IReadOnlyList<string> Variables, int Sessions, string Title, string Note)
{
    private const int SmtpSessions = 1000;
    private const int UserSessions = 200; // Clients of users come and go.

    /// <summary>All listeners.</summary>
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

    /// <summary>The option of <c>kopis run</c>.</summary>
    public string Option => "--" + Name;

    /// <summary>The name of its systemd unit.</summary>
    public string Unit => $"kopis-{Name}.service";

    /// <summary>Whether it is only for users.</summary>
    public bool IsForUsers => GivesMailOut || Variables.Contains("SUBMISSION");

    /// <summary>The programs that serve a client.</summary>
    /// <param name="host">The host's name.</param>
    /// <param name="bin">The prefix of program names; empty: they are found by PATH.</param>
    /// <param name="takesLogins">Whether a sender may log in.</param>
    public IReadOnlyList<string> Chain(string host, string bin, bool takesLogins) =>
        GivesMailOut
            ? [bin + "qmail-popup", host, bin + "checkpassword", bin + "qmail-pop3d", "Maildir"]
        : takesLogins ? [bin + "qmail-smtpd", host, bin + "checkpassword", "true"]
        : [bin + "qmail-smtpd"];
}
