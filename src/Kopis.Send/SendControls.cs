using Kopis.Config;
using Kopis.Config.Maps;

namespace Kopis.Send;

/// <summary>The control files of qmail-send (contract §2.2).</summary>
internal sealed class SendControls
{
    private const int LifetimeSeconds = 604_800;
    private const int DelaySeconds = 14_400;
    private const int MemoryBytes = 256 * 1024 * 1024; // A million messages of one recipient.
    private const int MemoryBytesMin = 1024 * 1024;
    private const int BounceBytes = 50_000; // What Postfix gives back, too.
    private const int ConcurrencyMax = 255; // A slot is one byte.

    private SendControls()
    {
    }

    internal required AddressMap Addresses { get; init; }

    internal required byte[] BounceFrom { get; init; }

    internal required byte[] BounceHost { get; init; }

    /// <summary>Bytes of a message that its bounce gives back at most; 0: all of it.</summary>
    internal required int BounceBytesMax { get; init; }

    /// <summary>doublebounceto@doublebouncehost; empty discards double bounces.</summary>
    internal required byte[] DoubleBounceTo { get; init; }

    internal required int ConcurrencyLocal { get; init; }

    /// <summary>Local deliveries that run before each user has one place only; null: half of what
    /// the channel can run.</summary>
    internal required int? ConcurrencyShared { get; init; }

    internal required int ConcurrencyRemote { get; init; }

    /// <summary>Bytes of memory that messages may take; more wait on the disk.</summary>
    internal required int QueueMemoryBytes { get; init; }

    internal required int QueueLifetimeSeconds { get; init; }

    /// <summary>A message so old is delayed, which its sender may have asked to hear of; zero: no
    /// message ever is.</summary>
    internal required int DelayNotifySeconds { get; init; }

    /// <exception cref="ConfigurationException">A file cannot be read or understood.</exception>
    internal static SendControls Read(ControlDirectory control)
    {
        byte[] doubleTo = control.ReadLine("doublebounceto") ?? "postmaster"u8.ToArray();
        byte[] doubleHost = control.ReadLineOrMe("doublebouncehost", "doublebouncehost")!;
        return new SendControls
        {
            Addresses = AddressMap.Read(control),
            BounceFrom = control.ReadLine("bouncefrom") ?? "MAILER-DAEMON"u8.ToArray(),
            BounceHost = control.ReadLineOrMe("bouncehost", "bouncehost")!,
            BounceBytesMax = control.ReadInt("bouncemaxbytes", BounceBytes),
            DoubleBounceTo =
                doubleTo is [] or [(byte)'@', ..] ? [] : [.. doubleTo, (byte)'@', .. doubleHost],
            ConcurrencyLocal = control.ReadInt("concurrencylocal", 10, most: ConcurrencyMax),
            ConcurrencyShared = control.ReadInt(
                "concurrencyshared", 0, least: 1, most: ConcurrencyMax)
                is > 0 and int shared ? shared : null,
            ConcurrencyRemote = control.ReadInt("concurrencyremote", 20, most: ConcurrencyMax),
            QueueMemoryBytes = control.ReadInt(
                "queuememory", MemoryBytes, least: MemoryBytesMin),
            QueueLifetimeSeconds = control.ReadInt("queuelifetime", LifetimeSeconds),
            DelayNotifySeconds = control.ReadInt("delaynotify", DelaySeconds),
        };
    }
}
