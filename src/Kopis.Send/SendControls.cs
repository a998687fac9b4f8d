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

    /// <summary>Bytes of a message that its bounce gives back at most; 0: all of it.</summary>
    internal required int BounceBytesMax { get; init; }

    /// <summary>doublebounceto@doublebouncehost; empty discards double bounces.</summary>
    internal required byte[] DoubleBounceTo { get; init; }

    internal required int ConcurrencyLocal { get; init; }

    /// <summary>Local deliveries at once where the spawner is ours; <see cref="ConcurrencyLocal"/>
    /// counts programs then, and is qmail-lspawn's to keep.</summary>
    internal required int ConcurrencyMailbox { get; init; }

    /// <summary>Local deliveries of a spawner of another make that run before each user has one
    /// place only; null: half of what the channel can run.</summary>
    internal required int? ConcurrencyShared { get; init; }

    internal required int ConcurrencyRemote { get; init; }

    /// <summary>What destinations may have.</summary>
    internal required DestinationControl Destinations { get; init; }

    /// <summary>Retries by class of failure.</summary>
    internal required RetryTable Retries { get; init; }

    /// <summary>Bytes of memory that messages may take; more wait on the disk.</summary>
    internal required int QueueMemoryBytes { get; init; }

    internal required int QueueLifetimeSeconds { get; init; }

    /// <summary>A message so old is delayed, which its sender may have asked to hear of; zero: no
    /// message ever is.</summary>
    internal required int DelayNotifySeconds { get; init; }

    /// <summary>Local deliveries at once, as far as control files say. Where concurrencylocal is 0
    /// none is started, whoever the spawner is.</summary>
    /// <param name="spawnerIsOurs">It keeps the number of programs itself.</param>
    internal int LocalDeliveries(bool spawnerIsOurs) =>
        spawnerIsOurs && ConcurrencyLocal > 0 ? ConcurrencyMailbox : ConcurrencyLocal;

    /// <exception cref="Base.ConfigurationException">A file cannot be read or parsed.</exception>
    /// <param name="control">Where they are.</param>
    /// <param name="addresses">What is not to be read.</param>
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
