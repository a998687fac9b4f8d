namespace Kopis.Queue.Commands;

/// <summary>What a command asks of qmail-send (docs/ARCHITECTURE.md, commands).</summary>
public enum QueueVerb : byte
{
    /// <summary>Changes nothing: messages and recipients, with what they wait for.</summary>
    List = (byte)'L',

    /// <summary>Changes nothing: the queue in numbers, and its busiest destinations.</summary>
    Summary = (byte)'S',

    /// <summary>They are not delivered until they are released.</summary>
    Hold = (byte)'H',

    /// <summary>Ends a hold.</summary>
    Release = (byte)'F',

    /// <summary>They are due now.</summary>
    Retry = (byte)'T',

    /// <summary>They return to the sender.</summary>
    Bounce = (byte)'B',

    /// <summary>They are dropped; nobody is notified.</summary>
    Remove = (byte)'X',

    /// <summary>A copy goes to another address in their place; or they go by a relay.</summary>
    Reroute = (byte)'R',

    /// <summary>Changes nothing: destinations, with their states.</summary>
    Destinations = (byte)'D',

    /// <summary>Nothing starts to a destination until it is resumed.</summary>
    PauseDestination = (byte)'P',

    /// <summary>Ends that.</summary>
    ResumeDestination = (byte)'U',

    /// <summary>A destination is tried now, whatever replies asked for or health says.</summary>
    RetryDestination = (byte)'Y',
}
