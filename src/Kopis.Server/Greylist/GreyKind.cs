namespace Kopis.Server.Greylist;

/// <summary>What a record is about.</summary>
internal enum GreyKind : byte
{
    /// <summary>A first attempt; the time is when it was made.</summary>
    Waiting = (byte)'W',

    /// <summary>A known pair that has come again, or a trusted network; the time is the last use.
    /// </summary>
    Known = (byte)'K',
}
