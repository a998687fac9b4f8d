namespace Kopis.Mail.Filtering;

/// <summary>The changes of a filter to a message, except for its body. They are applied together or
/// not at all.</summary>
public sealed class MessageChanges
{
    private readonly List<FieldEdit> _fields = [];
    private readonly List<RecipientEdit> _recipients = [];

    /// <summary>Changes of the header, in order.</summary>
    public IReadOnlyList<FieldEdit> Fields => _fields;

    /// <summary>Changes of the recipients, in order.</summary>
    public IReadOnlyList<RecipientEdit> Recipients => _recipients;

    /// <summary>The new envelope sender; null for no change.</summary>
    public byte[]? Sender { get; set; }

    /// <summary>Why the message is to be held back from its recipients; null if it is not.
    /// </summary>
    public string? Quarantine { get; set; }

    /// <summary>Adds a change of the header.</summary>
    public void Add(FieldEdit edit) => _fields.Add(edit);

    /// <summary>Adds a change of the recipients.</summary>
    public void Add(RecipientEdit edit) => _recipients.Add(edit);
}
