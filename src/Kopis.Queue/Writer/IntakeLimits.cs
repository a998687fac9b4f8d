using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Queue.Writer;

/// <summary>The limits of a local user at the queue writer; qmail's own users have none.
/// </summary>
public sealed record IntakeLimits
{
    /// <summary><c>concurrencyintake</c>: connections of one user; fewer if most are in use.
    /// </summary>
    public int ConnectionsMax { get; init; } =
        (int)QueueFiles.ConcurrencyIntake.Value!;

    /// <summary><c>localrecipients</c>: of one message.</summary>
    public int RecipientsMax { get; init; } =
        (int)QueueFiles.LocalRecipients.Value!;

    /// <summary><c>queueshare</c>: of the disk that is free without what one user has there, the
    /// part that one user may have, in percent.</summary>
    public int DiskPercent { get; init; } = (int)QueueFiles.QueueShare.Value!;

    /// <summary><c>timeoutintake</c>: without a byte from the client.</summary>
    public TimeSpan Timeout { get; init; } =
        TimeSpan.FromSeconds(QueueFiles.TimeoutIntake.Value!.Value);

    /// <summary>Reads the control files.</summary>
    /// <exception cref="Base.ConfigurationException">One cannot be read or parsed.</exception>
    public static IntakeLimits Read(ControlDirectory control) => new()
    {
        ConnectionsMax = control.ReadInt(QueueFiles.ConcurrencyIntake),
        RecipientsMax = control.ReadInt(QueueFiles.LocalRecipients),
        DiskPercent = control.ReadInt(QueueFiles.QueueShare),
        Timeout = control.ReadSeconds(QueueFiles.TimeoutIntake),
    };
}
