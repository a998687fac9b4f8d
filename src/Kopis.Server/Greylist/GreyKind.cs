namespace Kopis.Server.Greylist;

/// <summary>What a record is about.</summary>
internal enum GreyKind : byte
{
    /// <summary>A first try: its time is when.</summary>
    Waiting = (byte)'W',

    /// <summary>One that has come again, or a network that is trusted: its time is the last.
    /// </summary>
    Known = (byte)'K',
}
