using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Mail.Header;
using Kopis.Users.Logins;

namespace Kopis.Server.Submission;

/// <summary>The control files about users who log in.</summary>
/// <param name="Me">me: the domain of users of the host.</param>
/// <param name="IdHost">idhost, or me: for a Message-ID that a user's program has left out.</param>
/// <param name="Senders">senders: addresses that accounts may send as, besides their own.</param>
/// <param name="Mechanisms">saslmechanisms, strongest first; null if there is none.</param>
/// <param name="AuthOverLoopback">authloopback: whether clients on this host may use AUTH without
/// TLS.</param>
/// <param name="HidesClients">hidesubmitter: whether Received omits where users are.</param>
internal sealed record SubmissionSettings(
    byte[] Me, byte[] IdHost, SenderList Senders, IReadOnlyList<string>? Mechanisms,
    bool AuthOverLoopback, bool HidesClients)
{
    /// <summary>The control files.</summary>
    internal static IReadOnlyList<ControlFile> Files { get; } =
    [
        HostFiles.IdHost, ClientFiles.Senders, LoginFiles.SaslMechanisms, LoginFiles.AuthLoopback,
        LoginFiles.HideSubmitter,
    ];

    /// <exception cref="Base.ConfigurationException">A file cannot be parsed.</exception>
    internal static SubmissionSettings Load(ControlDirectory control) => new(
        control.ReadLine(HostFiles.Me) ?? [],
        control.ReadLineOrDefault(HostFiles.IdHost)!,
        SenderList.Load(control),
        SaslMechanisms.Read(control),
        control.ReadInt(LoginFiles.AuthLoopback) != 0,
        control.ReadInt(LoginFiles.HideSubmitter) != 0);

    /// <summary>Whether Received omits where this user is; null: not a user.</summary>
    internal bool Hides(byte[]? user) => HidesClients && user is not null;

    /// <summary>Makes the header fields that a user's program has left out.</summary>
    internal Func<ReadOnlyMemory<byte>, bool, byte[]> HeaderAt(DateTimeOffset time) =>
        (start, isWhole) => SubmittedHeader.Missing(
            start.Span, isWhole, time, $"{Guid.NewGuid():N}.kopis", IdHost);
}
