namespace Kopis.Mail.Filtering;

/// <summary>What is done to a header.</summary>
public enum FieldEditKind
{
    /// <summary>A field is added at the end.</summary>
    Add,

    /// <summary>A field is put at a place.</summary>
    Insert,

    /// <summary>A field gets another value, or goes where that is empty.</summary>
    Change,
}
