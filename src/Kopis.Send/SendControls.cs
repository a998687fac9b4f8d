using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Send.Scheduling;

namespace Kopis.Send;

/// <summary>The control files of qmail-send (contract §2.2).</summary>
internal sealed class SendControls
{
    private SendControls()
    {
    }

    internal required AddressMap Addresses { get; init; }

    internal required byte[] BounceFrom { get; init; }

    internal required byte[] BounceHost { get; init; }

    /// <summary>How many bytes of a message its bounce returns at most; 0: all of it.</summary>
    internal required int BounceBytesMax { get; init; }

    /// <summary>doublebounceto@doublebouncehost; if empty, double bounces are discarded.</summary>
    internal required byte[] DoubleBounceTo { get; init; }

    internal required int ConcurrencyLocal { get; init; }

    /// <summary>How many local deliveries may run at once if the spawner is ours.
    /// <see cref="ConcurrencyLocal"/> then limits programs, and qmail-lspawn keeps that limit.
    /// </summary>
    internal required int ConcurrencyMailbox { get; init; }

    /// <summary>With a spawner that is not ours: how many local deliveries may run before each user
    /// is limited to one; null: half of what the channel can run.</summary>
    internal required int? ConcurrencyShared { get; init; }

    internal required int ConcurrencyRemote { get; init; }

    /// <summary>The limits of destinations.</summary>
    internal required DestinationControl Destinations { get; init; }

    /// <summary>Retries by class of failure.</summary>
    internal required RetryTable Retries { get; init; }

    /// <summary>Bytes of memory that messages may take; further messages wait on the disk.
    /// </summary>
    internal required int QueueMemoryBytes { get; init; }

    internal required int QueueLifetimeSeconds { get; init; }

    /// <summary>The age from which a message counts as delayed, which its sender may have asked to
    /// be told; zero: no message does.</summary>
    internal required int DelayNotifySeconds { get; init; }

    /// <summary>The limit that control files set for local deliveries at once. If concurrencylocal
    /// is 0 none is started, whichever spawner runs.</summary>
    /// <param name="spawnerIsOurs">Whether the spawner itself limits the number of programs.
    /// </param>
    internal int LocalDeliveries(bool spawnerIsOurs) =>
        spawnerIsOurs && ConcurrencyLocal > 0 ? ConcurrencyMailbox : ConcurrencyLocal;

    /// <exception cref="Base.ConfigurationException">A file cannot be read or parsed.</exception>
    /// <param name="control">The directory of the files.</param>
    /// <param name="addresses">The address map if it is already read; null: it is read too.</param>
    internal static SendControls Read(ControlDirectory control, AddressMap? addresses = null)
    {
        byte[] doubleTo = control.ReadLineOrDefault(SendFiles.DoubleBounceTo)!;
        byte[] doubleHost = control.ReadLineOrDefault(SendFiles.DoubleBounceHost)!;
        return new SendControls
        {
            Addresses = addresses ?? AddressMap.Read(control),
            BounceFrom = control.ReadLineOrDefault(SendFiles.BounceFrom)!,
            BounceHost = control.ReadLineOrDefault(SendFiles.BounceHost)!,
            BounceBytesMax = control.ReadInt(SendFiles.BounceMaxBytes),
            DoubleBounceTo =
                doubleTo is [] or [(byte)'@', ..] ? [] : [.. doubleTo, (byte)'@', .. doubleHost],
            ConcurrencyLocal = control.ReadInt(SendFiles.ConcurrencyLocal),
            ConcurrencyMailbox = control.ReadInt(SendFiles.ConcurrencyMailbox),
            ConcurrencyShared = (int?)control.TryReadLong(SendFiles.ConcurrencyShared),
            ConcurrencyRemote = control.ReadInt(SendFiles.ConcurrencyRemote),
            Destinations = new DestinationControl(DestinationRules.Read(control)),
            Retries = RetryControl.Read(control),
            QueueMemoryBytes = control.ReadInt(SendFiles.QueueMemory),
            QueueLifetimeSeconds = control.ReadInt(SendFiles.QueueLifetime),
            DelayNotifySeconds = control.ReadInt(SendFiles.DelayNotify),
        };
    }
}
