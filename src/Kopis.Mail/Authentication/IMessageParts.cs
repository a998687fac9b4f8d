namespace Kopis.Mail.Authentication;

/// <summary>Receives the parts of a message from <see cref="MessageReader"/>: first the header,
/// then the lines of the body.</summary>
public interface IMessageParts
{
    /// <summary>Receives the header, once; each message has one, which may be empty.</summary>
    void OnHeader(MessageHeader header);

    /// <summary>Receives a piece of a line of the body, without its line end. A line may come in
    /// several pieces.</summary>
    void OnBodyText(ReadOnlySpan<byte> text);

    /// <summary>Receives the end of a line of the body, which is CRLF in the message as sent.
    /// </summary>
    void OnBodyLineEnd();
}
