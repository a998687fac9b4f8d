namespace Kopis.Send.Scheduling;

/// <summary>Whose local deliveries count together.</summary>
internal sealed class MailUser(string name)
{
    internal string Name { get; } = name;

    /// <summary>Orders that are out.</summary>
    internal int Running { get; set; }

    /// <summary>Recipients whose turn came while there was no room for this user, oldest first.
    /// </summary>
    internal Queue<(Pass Pass, int Recipient)> Parked { get; } = new();
}
