using Kopis.Config;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>What a local user may ask of the queue writer; qmail's own users have none of these.
/// </summary>
public sealed record IntakeLimits
{
    private const int ConnectionsUsual = 512;
    private const int RecipientsUsual = 500_000; // One envelope of usual addresses.
    private const int ShareUsual = 50;
    private const int SecondsUsual = 1200; // As timeoutsmtpd.

    /// <summary><c>concurrencyintake</c>: connections of one user; fewer where most are taken.
    /// </summary>
    public int ConnectionsMax { get; init; } = ConnectionsUsual;

    /// <summary><c>localrecipients</c>: of one message.</summary>
    public int RecipientsMax { get; init; } = RecipientsUsual;

    /// <summary><c>queueshare</c>: of the disk that is free without what one user has there, the
    /// part that he may have, in percent.</summary>
    public int DiskPercent { get; init; } = ShareUsual;

    /// <summary><c>timeoutintake</c>: without a byte from the client.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(SecondsUsual);

    /// <summary>Reads the control files.</summary>
    /// <exception cref="Base.ConfigurationException">One cannot be read or understood.</exception>
    public static IntakeLimits Read(ControlDirectory control) => new()
    {
        ConnectionsMax = control.ReadInt(
            "concurrencyintake", ConnectionsUsual, least: 1, most: QueueLimits.ConnectionsMax),
        RecipientsMax = control.ReadInt("localrecipients", RecipientsUsual, least: 1),
        DiskPercent = control.ReadInt("queueshare", ShareUsual, least: 1, most: 100),
        Timeout = TimeSpan.FromSeconds(
            control.ReadInt("timeoutintake", SecondsUsual, least: 1, most: 86_400)),
    };
}
