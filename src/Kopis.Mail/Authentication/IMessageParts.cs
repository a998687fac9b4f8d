namespace Kopis.Mail.Authentication;

/// <summary>Takes a message apart from <see cref="MessageReader"/>: the header first, then the
/// body's lines.</summary>
public interface IMessageParts
{
    /// <summary>Takes the header, once; each message has one, if an empty one.</summary>
    void OnHeader(MessageHeader header);

    /// <summary>Takes a piece of the body that has no line end in it; a line may come in several.
    /// </summary>
    void OnBodyText(ReadOnlySpan<byte> text);

    /// <summary>Takes the end of a line of the body: a CRLF in the message as sent.</summary>
    void OnBodyLineEnd();
}
