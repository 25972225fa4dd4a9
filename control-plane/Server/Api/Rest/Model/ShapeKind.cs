namespace Hearth.ControlPlane.Api.Rest.Model;

/// <summary>The types of the service model.</summary>
public enum ShapeKind
{
    Structure,
    List,
    Map,
    String,
    Integer,
    Long,
    Double,
    Boolean,
    Blob,
    Timestamp,
}
