namespace Kopis.Send.Scheduling;

/// <summary>A user whose local deliveries count together.</summary>
internal sealed class MailUser(string name)
{
    internal string Name { get; } = name;

    /// <summary>Deliveries that run.</summary>
    internal int Running { get; set; }

    /// <summary>Recipients whose turn came while this user had no room, oldest first.</summary>
    internal Queue<(Pass Pass, int Recipient)> Parked { get; } = new();
}
