using Kopis.Base;
using Kopis.Control;
using Kopis.Mail;

namespace Kopis.Receive;

/// <summary>The control files about users who log in.</summary>
/// <param name="Me">me: where users of the host have their addresses.</param>
/// <param name="IdHost">idhost, else me: for a Message-ID that a user's program left to us.
/// </param>
/// <param name="Senders">senders: what each account may send as besides its own address.</param>
/// <param name="Mechanisms">saslmechanisms, strongest first.</param>
/// <param name="AuthOverLoopback">authloopback: AUTH without TLS for the host's own clients.
/// </param>
internal sealed record SubmissionSettings(
    byte[] Me, byte[] IdHost, SenderList Senders, IReadOnlyList<string> Mechanisms,
    bool AuthOverLoopback)
{
    /// <summary>The files' names.</summary>
    internal static IReadOnlyList<string> Files { get; } =
        ["idhost", "senders", "saslmechanisms", "authloopback"];

    /// <exception cref="ConfigurationException">One cannot be understood.</exception>
    internal static SubmissionSettings Load(ControlDirectory control) => new(
        control.ReadLine("me") ?? [],
        control.ReadLineOrMe("idhost", null) ?? [],
        SenderList.Load(control),
        ReadMechanisms(control),
        control.ReadInt("authloopback", 0) != 0);

    /// <summary>Gives the header fields that a user's program left to us.</summary>
    internal Func<ReadOnlyMemory<byte>, bool, byte[]> HeaderAt(DateTimeOffset time) =>
        (start, isWhole) => SubmittedHeader.Missing(
            start.Span, isWhole, time, $"{Guid.NewGuid():N}.kopis", IdHost);

    private static IReadOnlyList<string> ReadMechanisms(ControlDirectory control)
    {
        if (control.ReadList("saslmechanisms") is not { } lines)
        {
            return SaslOffer.All;
        }

        HashSet<string> allowed =
            [.. lines.Select(line => ByteText.ToText(line).ToUpperInvariant())];
        return allowed.IsSubsetOf(SaslOffer.All)
            ? [.. SaslOffer.All.Where(allowed.Contains)]
            : throw control.Bad("saslmechanisms", "only " + string.Join(", ", SaslOffer.All));
    }
}
