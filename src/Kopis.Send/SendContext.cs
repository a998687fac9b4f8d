using Kopis.Config;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.State;
using Kopis.Queue.Writer;
using Kopis.Send.Clean;
using Kopis.Send.Commands;
using Kopis.Send.Scheduling;

namespace Kopis.Send;

/// <summary>Everything that qmail-send works with.</summary>
internal sealed record SendContext(
    string Home, ControlDirectory Control, SendControls Controls, TimeProvider Clock, SendLog Log,
    SpawnPipe Local, SpawnPipe Remote, CleanPipe Clean, ISendSignals Signals, int Trigger,
    bool Batch)
{
    private static readonly TimeSpan IntakeTimeout = TimeSpan.FromSeconds(60);

    /// <summary>The disk.</summary>
    internal IFileSystem Files { get; init; } = FileSystem.Real;

    /// <summary>The command socket; null if there is none.</summary>
    internal CommandServer? Commands { get; init; }

    /// <summary>Waits for descriptors and times.</summary>
    internal ISendPause Pause { get; init; } = new SendPause();

    /// <summary>Connects to the queue writer, for bounces.</summary>
    internal Func<IIntakeConnection> ConnectToQueue { get; init; } =
        () => new IntakeConnection(Home, IntakeTimeout);

    /// <summary>Longer envelopes stay on the disk (<see cref="QueueState"/>).</summary>
    internal int WholeEnvelopeBytesMax { get; init; } = QueueState.WholeEnvelopeBytesUsual;

    /// <summary>A state log of this size is rewritten (<see cref="StateLog"/>).</summary>
    internal long CompactAfterBytes { get; init; } = StateLog.CompactAfterBytesUsual;

    /// <summary>How many deliveries run, and how many may.</summary>
    internal DeliverySlots Slots() =>
        new(Local.Running, Local.Concurrency, Remote.Running, Remote.Concurrency);

    /// <summary>The pipe to the spawner of a channel.</summary>
    internal SpawnPipe Pipe(DeliveryChannel channel) =>
        channel == DeliveryChannel.Local ? Local : Remote;
}
