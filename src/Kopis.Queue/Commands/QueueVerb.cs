namespace Kopis.Queue.Commands;

/// <summary>What a command asks of qmail-send (docs/ARCHITECTURE.md, commands).</summary>
public enum QueueVerb : byte
{
    /// <summary>Changes nothing: messages and recipients, with what they wait for.</summary>
    List = (byte)'L',

    /// <summary>Changes nothing: the queue in numbers, and its busiest destinations.</summary>
    Summary = (byte)'S',

    /// <summary>Holds recipients: they are not delivered until they are released.</summary>
    Hold = (byte)'H',

    /// <summary>Ends a hold.</summary>
    Release = (byte)'F',

    /// <summary>Makes recipients due now.</summary>
    Retry = (byte)'T',

    /// <summary>Returns the mail of recipients to the sender.</summary>
    Bounce = (byte)'B',

    /// <summary>Drops recipients; nobody is notified.</summary>
    Remove = (byte)'X',

    /// <summary>Sends a copy to another address instead of the recipients; or gives them a relay.
    /// </summary>
    Reroute = (byte)'R',

    /// <summary>Changes nothing: destinations, with their states.</summary>
    Destinations = (byte)'D',

    /// <summary>Holds a destination: no delivery to it starts until it is resumed.</summary>
    PauseDestination = (byte)'P',

    /// <summary>Ends <see cref="PauseDestination"/>.</summary>
    ResumeDestination = (byte)'U',

    /// <summary>Tries a destination now, whatever replies asked for or its health says.</summary>
    RetryDestination = (byte)'Y',
}
