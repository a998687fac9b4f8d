using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Queue.Writer;

/// <summary>The limits of a local user at the queue writer; qmail's own users have none.
/// </summary>
public sealed record IntakeLimits
{
    /// <summary><c>concurrencyintake</c>: how many connections one user may have; fewer if most are
    /// in use.</summary>
    public int ConnectionsMax { get; init; } =
        (int)QueueFiles.ConcurrencyIntake.Value!;

    /// <summary><c>localrecipients</c>: how many recipients one message may have.</summary>
    public int RecipientsMax { get; init; } =
        (int)QueueFiles.LocalRecipients.Value!;

    /// <summary><c>queueshare</c>: how much of the disk one user may use, in percent of what is
    /// free without that user's own mail.</summary>
    public int DiskPercent { get; init; } = (int)QueueFiles.QueueShare.Value!;

    /// <summary><c>timeoutintake</c>: how long a client may send nothing.</summary>
    public TimeSpan Timeout { get; init; } =
        TimeSpan.FromSeconds(QueueFiles.TimeoutIntake.Value!.Value);

    /// <summary>Reads the control files.</summary>
    /// <exception cref="Base.ConfigurationException">A file cannot be read or parsed.</exception>
    public static IntakeLimits Read(ControlDirectory control) => new()
    {
        ConnectionsMax = control.ReadInt(QueueFiles.ConcurrencyIntake),
        RecipientsMax = control.ReadInt(QueueFiles.LocalRecipients),
        DiskPercent = control.ReadInt(QueueFiles.QueueShare),
        Timeout = control.ReadSeconds(QueueFiles.TimeoutIntake),
    };
}
