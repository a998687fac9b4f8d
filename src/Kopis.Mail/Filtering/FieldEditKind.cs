namespace Kopis.Mail.Filtering;

/// <summary>The kinds of changes to a header.</summary>
public enum FieldEditKind
{
    /// <summary>A field is added at the end.</summary>
    Add,

    /// <summary>A field is inserted at a position.</summary>
    Insert,

    /// <summary>A field gets another value, or is removed if that is empty.</summary>
    Change,
}
