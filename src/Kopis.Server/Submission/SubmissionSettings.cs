using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Mail.Header;
using Kopis.Users.Logins;

namespace Kopis.Server.Submission;

/// <summary>The control files about users who log in.</summary>
/// <param name="Me">me: where users of the host have their addresses.</param>
/// <param name="IdHost">idhost, else me: for a Message-ID that a user's program left to us.
/// </param>
/// <param name="Senders">senders: what each account may send as besides its own address.</param>
/// <param name="Mechanisms">saslmechanisms, strongest first; null if there is none.</param>
/// <param name="AuthOverLoopback">authloopback: AUTH without TLS for the host's own clients.
/// </param>
/// <param name="HidesClients">hidesubmitter: Received does not say where users are.</param>
internal sealed record SubmissionSettings(
    byte[] Me, byte[] IdHost, SenderList Senders, IReadOnlyList<string>? Mechanisms,
    bool AuthOverLoopback, bool HidesClients)
{
    /// <summary>The files' names.</summary>
    internal static IReadOnlyList<ControlFile> Files { get; } =
    [
        HostFiles.IdHost, ClientFiles.Senders, LoginFiles.SaslMechanisms, LoginFiles.AuthLoopback,
        LoginFiles.HideSubmitter,
    ];

    /// <exception cref="Base.ConfigurationException">One cannot be parsed.</exception>
    internal static SubmissionSettings Load(ControlDirectory control) => new(
        control.ReadLine(HostFiles.Me) ?? [],
        control.ReadLineOrDefault(HostFiles.IdHost)!,
        SenderList.Load(control),
        SaslMechanisms.Read(control),
        control.ReadInt(LoginFiles.AuthLoopback) != 0,
        control.ReadInt(LoginFiles.HideSubmitter) != 0);

    /// <summary>Whether Received does not say where a user is; null: not a user.</summary>
    internal bool Hides(byte[]? user) => HidesClients && user is not null;

    /// <summary>Gives the header fields that a user's program left to us.</summary>
    internal Func<ReadOnlyMemory<byte>, bool, byte[]> HeaderAt(DateTimeOffset time) =>
        (start, isWhole) => SubmittedHeader.Missing(
            start.Span, isWhole, time, $"{Guid.NewGuid():N}.kopis", IdHost);
}
