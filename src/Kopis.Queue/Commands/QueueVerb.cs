namespace Kopis.Queue.Commands;

/// <summary>The commands to qmail-send (docs/ARCHITECTURE.md, commands).</summary>
public enum QueueVerb : byte
{
    /// <summary>Lists messages and recipients, with what they wait for. Changes nothing.</summary>
    List = (byte)'L',

    /// <summary>Sums up the queue and its busiest destinations. Changes nothing.</summary>
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

    /// <summary>Sends a copy to another address in place of the recipients, or gives them a relay.
    /// </summary>
    Reroute = (byte)'R',

    /// <summary>Lists destinations with their states. Changes nothing.</summary>
    Destinations = (byte)'D',

    /// <summary>Holds a destination: no delivery to it starts until it is resumed.</summary>
    PauseDestination = (byte)'P',

    /// <summary>Ends <see cref="PauseDestination"/>.</summary>
    ResumeDestination = (byte)'U',

    /// <summary>Tries a destination now, whatever replies asked for, and whatever its state.
    /// </summary>
    RetryDestination = (byte)'Y',
}
