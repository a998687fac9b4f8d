namespace Kopis.Config.Maps;

/// <summary>What a destination takes at most (control/destinations).</summary>
public sealed record DestinationRule
{
    /// <summary>What counts where no line says otherwise.</summary>
    public static DestinationRule Default { get; } = new();

    /// <summary>Most deliveries at once, and most connections, idle ones included.</summary>
    public int Concurrency { get; init; } = 20;

    /// <summary>Deliveries at once to begin with; not above <see cref="Concurrency"/>.</summary>
    public int Initial { get; init; } = 5;

    /// <summary>Messages in <see cref="RateSeconds"/>; 0: as many as go.</summary>
    public int Rate { get; init; }

    /// <summary>The time that <see cref="Rate"/> is for: 1, 60 or 3600 seconds.</summary>
    public int RateSeconds { get; init; } = 1;

    /// <summary>Most messages of one connection.</summary>
    public int Messages { get; init; } = 100;

    /// <summary>Most recipients of one transaction.</summary>
    public int Recipients { get; init; } = 100;

    /// <summary>Seconds that a connection waits for another message; null: those of
    /// control/timeoutidle.</summary>
    public int? IdleSeconds { get; init; }
}
