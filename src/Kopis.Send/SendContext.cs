using Kopis.Control;

namespace Kopis.Send;

/// <summary>What qmail-send runs with.</summary>
internal sealed record SendContext(
    string Home, ControlDirectory Control, SendControls Controls, TimeProvider Clock, SendLog Log,
    SpawnPipe Local, SpawnPipe Remote, CleanPipe Clean, SendSignals Signals, int Trigger,
    bool Batch)
{
    /// <summary>The pipe of a channel.</summary>
    internal SpawnPipe Pipe(DeliveryChannel channel) =>
        channel == DeliveryChannel.Local ? Local : Remote;
}
