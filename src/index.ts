// Data: where observations come from.

export { svgToPng } from '#views/raster'
// Artifacts.
export { columnOf, encodeCodes, readCodes, type SavedCodes, writeCodes } from './artifacts/codesFile.js'
export { codesWriter } from './artifacts/codesWriter.js'
export { memoryStore } from './artifacts/memoryStore.js'
export { modelCard } from './artifacts/modelCard.js'
export { createRun, holdingRun, openRun, type Run } from './artifacts/runFolder.js'
export { decodeSafetensors, encodeSafetensors, type StoredTensor, storedTensor } from './artifacts/safetensors.js'
export type { Store } from './artifacts/store.js'
export { zipStore } from './artifacts/zipStream.js'
export { type DeadLeavesOptions, deadLeaves } from './data/deadLeaves.js'
export { digits } from './data/digits.js'
export { fromTensor, toTensor } from './data/fromTensor.js'
export { imageFiles } from './data/imageFiles.js'
export { imageObservations } from './data/imageObservations.js'
export type { Labelled, LabelledTensor } from './data/labelled.js'
export { mnist } from './data/mnist.js'
export { npyHeader, readNpy, readNpyTensor, writeNpy } from './data/npy.js'
export { readNpz, writeNpz } from './data/npz.js'
export type { Images, Observations, Pass } from './data/observations.js'
export { namedSources, type OpenedSource, openSource } from './data/open.js'
export { type LabelledOptions, openLabelled } from './data/openLabelled.js'
export { type NamedNumbers, writeParquet } from './data/parquetWriter.js'
export { photographs } from './data/photographs.js'
export type { Picture } from './data/picture.js'
export { plantedCodes } from './data/plantedCodes.js'
export { resized } from './data/resize.js'
export { type WindowsOptions, windows } from './data/windows.js'
// Diagnostics.
export { type ActiveUnits, activeUnits, UnitActivity } from './diagnostics/activeUnits.js'
export { atomUsage as countUsage, deadAtoms } from './diagnostics/atomUsage.js'
export { coherence } from './diagnostics/coherence.js'
export type { Evidence } from './diagnostics/evidence.js'
export { type FilterName, type FilterShape, filterShape, filterShapes } from './diagnostics/filterShape.js'
export { type GaborFit, gaborFit } from './diagnostics/gaborFit.js'
export { gaborStatistics } from './diagnostics/gaborStatistics.js'
export { importanceSampled } from './diagnostics/importanceSampling.js'
export { type KernelColours, kernelColours } from './diagnostics/kernelColours.js'
export { matchDictionaries, recovered } from './diagnostics/matchDictionaries.js'
export { meanAndDeviation, type PairedDifference, pairedDifference } from './diagnostics/pairedDifference.js'
export { psnr } from './diagnostics/psnr.js'
export { sparsity, valueHistogram } from './diagnostics/sparsity.js'
export { type Cost, type CostConfig, type CostKind, defineCost } from './energy/cost.js'
export { bernoulli } from './energy/costs/bernoulli.js'
export { categorical, oneHot } from './energy/costs/categorical.js'
export { huber } from './energy/costs/huber.js'
export { squaredError } from './energy/costs/squaredError.js'
export { type Encoder, istaStep } from './energy/encoders/encoder.js'
export { linearShrink } from './energy/encoders/linearShrink.js'
export { linearTanhGain } from './energy/encoders/linearTanhGain.js'
export { type ListaEncoderOptions, listaEncoder } from './energy/encoders/listaEncoder.js'
export { encoderKinds, restoreEncoder } from './energy/encoders/restoreEncoder.js'
export type { GraphRegularizer, GraphRegularizerConfig } from './energy/graphRegularizer.js'
export { defineRegularizer } from './energy/graphRegularizer.js'
export {
  type EnergyParts,
  type EnergyShapes,
  type LatentVariableEnergy,
  latentVariableEnergy,
} from './energy/latentVariableEnergy.js'
export { type ConvListaOptions, convLista } from './energy/mapEncoders/convLista.js'
export { convShrink } from './energy/mapEncoders/convShrink.js'
export { convTanhGain } from './energy/mapEncoders/convTanhGain.js'
export type { MapEncoder, MapSizes } from './energy/mapEncoders/mapEncoder.js'
export { mapEncoderKinds, restoreMapEncoder } from './energy/mapEncoders/restoreMapEncoder.js'
export {
  defineModule,
  type Module,
  type ModuleConfig,
  type ModuleDefinition,
  type Parameters,
  type SymParameters,
} from './energy/module.js'
export { conv } from './energy/modules/conv.js'
export { convTranspose } from './energy/modules/convTranspose.js'
export { linear } from './energy/modules/linear.js'
export { mlp } from './energy/modules/mlp.js'
export { type PoolOptions, pool } from './energy/modules/pool.js'
export { channelsFirst, channelsLast, reshaped } from './energy/modules/reshaped.js'
export { type ScaledOptions, scaled } from './energy/modules/scaled.js'
export { sequential } from './energy/modules/sequential.js'
export type { Regularizer, RegularizerConfig, RegularizerKind, Strength } from './energy/regularizer.js'
export { elasticNet } from './energy/regularizers/elasticNet.js'
export { group } from './energy/regularizers/group.js'
export { l0 } from './energy/regularizers/l0.js'
export { l1 } from './energy/regularizers/l1.js'
export { l2 } from './energy/regularizers/l2.js'
export { limitedNoise } from './energy/regularizers/limitedNoise.js'
export { nonNegative } from './energy/regularizers/nonNegative.js'
export { topK } from './energy/regularizers/topK.js'
export { weightedL1 } from './energy/regularizers/weightedL1.js'
export { costKinds, restoreCost } from './energy/restoreCost.js'
export { graphRegularizerKinds, restoreGraphRegularizer } from './energy/restoreGraphRegularizer.js'
// Energies.
export { moduleKinds, restoreModule } from './energy/restoreModule.js'
export { regularizerKinds, restoreRegularizer } from './energy/restoreRegularizer.js'
// Graphs: symbolic tensors, and what runs them.
export type { ConvolutionOptions, Dimension, ElementType, LoopOptions, Operand, Sym } from './graph/index.js'
export * as graph from './graph/index.js'
export { type AmortizedEncodeOptions, AmortizedInference, type AmortizedProblem } from './inference/amortized.js'
export { type Codes, codeRows, concatCodes, emptyCodes, fromDense, toDense } from './inference/codes.js'
export {
  type ConvolutionalEncodeOptions,
  type ConvolutionalEncoder,
  type ConvolutionalEncoderOptions,
  type ConvolutionalSolver,
  convolutionalEncoder,
  convolutionalSolvers,
  type PolishOptions,
} from './inference/convolutional/convolutionalEncoder.js'
export { decodeConvolutional } from './inference/convolutional/decodeConvolutional.js'
export { type Boundary, boundaries, type Spatial } from './inference/convolutional/geometry.js'
export type { GraphEncodeOptions } from './inference/graph/encodeSettings.js'
export type { GraphEncoder } from './inference/graph/graphEncoder.js'
export { graphEncoder } from './inference/graph/graphEncoder.js'
export type { Observed } from './inference/graph/observed.js'
// Inference.
export type { QuadratureOptions } from './inference/graph/quadrature.js'
export { explain, type Inference, type Status, statuses } from './inference/inference.js'
export { decode } from './inference/linear/decode.js'
export { type EncodeOptions, type LinearEncoder, linearEncoder } from './inference/linear/linearEncoder.js'
export {
  activeSet,
  coordinateDescent,
  defaultSolver,
  fista,
  ista,
  type LinearSolver,
  orthogonalMatchingPursuit,
  type SolverName,
  solverByName,
  solverNames,
} from './inference/linear/solvers.js'
export type { Pool, PoolingOptions } from './inference/pooling.js'
// Learning.
export { type DictionaryUpdate, gradient, online } from './learning/dictionaryUpdate.js'
export {
  type GradientTraining,
  gradientTraining,
  type TrainingOptions,
  type TrainingState,
} from './learning/gradientTraining.js'
export { adam } from './learning/optimizers/adam.js'
export { adamW } from './learning/optimizers/adamW.js'
export type { Clipping } from './learning/optimizers/clipGradients.js'
export type { AdaptiveRule, Optimizer } from './learning/optimizers/optimizer.js'
export { sgd } from './learning/optimizers/sgd.js'
export { cosineRate } from './learning/schedules/cosineRate.js'
export { exponentialRate } from './learning/schedules/exponentialRate.js'
export { constantRate, type LearningRate, type Schedule } from './learning/schedules/schedule.js'
export { stepRate } from './learning/schedules/stepRate.js'
export { warmUp } from './learning/schedules/warmUp.js'
export { type Lecture, type LectureOptions, lecture } from './lecture/lecture.js'
export { sectionNames } from './lecture/sections.js'
export type { ClassifierFitOptions } from './models/classifierFit.js'
export { loadClassifier } from './models/classifierLoad.js'
export type { Classification, ClassifierModel, ClassifyOptions } from './models/classifierModel.js'
export type { ClassifierProgress } from './models/classifierProgress.js'
export type { ClassifierSettings } from './models/classifierSettings.js'
export type { TrainingChoices } from './models/classifierTraining.js'
export {
  type ConvolutionalAutoEncoder,
  type ConvolutionalAutoEncoderOptions,
  convolutionalAutoEncoder,
  type MapEncoderName,
} from './models/convolutionalAutoEncoder.js'
export type { AutoEncoderFitOptions } from './models/convolutionalAutoEncoderFit.js'
export type { AutoEncodeOptions, ConvolutionalAutoEncoderModel } from './models/convolutionalAutoEncoderModel.js'
export type { AutoEncoderProgress } from './models/convolutionalAutoEncoderProgress.js'
export type { AutoEncoderSettings } from './models/convolutionalAutoEncoderSettings.js'
export {
  type Classifier,
  type ConvolutionalClassifierOptions,
  type ConvolutionalLayer,
  convolutionalClassifier,
} from './models/convolutionalClassifier.js'

export type { ObservationMasks } from './models/convolutionalData.js'
export {
  type ConvolutionalData,
  type ConvolutionalSparseCoding,
  type ConvolutionalSparseCodingOptions,
  convolutionalSparseCoding,
} from './models/convolutionalSparseCoding.js'
export type { ConvolutionalFitOptions } from './models/convolutionalSparseCodingFit.js'
export type {
  CodingProgress,
  ConvolutionalModelEncodeOptions,
  ConvolutionalSparseCodingModel,
} from './models/convolutionalSparseCodingModel.js'
export type { ConvolutionalProgress } from './models/convolutionalSparseCodingProgress.js'
export type { ConvolutionalSettings } from './models/convolutionalSparseCodingSettings.js'
export type { ConvolutionalDecodeOptions } from './models/decodeWhole.js'
export type { DictionaryModel, EncodedBatch } from './models/dictionaryModel.js'
export type { EncodedObservation } from './models/encodedObservation.js'
export type { EpochProgress, LearningStatus } from './models/epochProgress.js'
export type { EpochFitOptions, LearningOptions } from './models/epochSession.js'
export { exportOnnx, type OnnxExport } from './models/exportOnnx.js'
export { type FeatureModel, type FeatureOptions, type Features, featureLength, features } from './models/features.js'
export {
  type FewLabels,
  type FewLabelsFitOptions,
  type FewLabelsOptions,
  type FewLabelsProgress,
  fewLabels,
} from './models/fewLabels.js'
export { loadFewLabels } from './models/fewLabelsLoad.js'
export type { FewLabelsModel } from './models/fewLabelsModel.js'
export { type Condition, conditionNames, type FewLabelsResult, type LabelCount } from './models/fewLabelsPlan.js'
export type { FewLabelsSettings } from './models/fewLabelsSettings.js'
export { type FewLabelsFinding, type FewLabelsSummary, findings, summarize } from './models/fewLabelsSummary.js'
export type { FitProgress } from './models/fitProgress.js'
export {
  type LatentVariable,
  type LatentVariableDefinition,
  type LatentVariableOptions,
  latentVariableModel,
} from './models/latentVariable.js'
export type { LatentVariableData, SplitObservations } from './models/latentVariableData.js'
export type { LatentVariableFitOptions } from './models/latentVariableFit.js'
export type { LatentVariableModel } from './models/latentVariableModel.js'
export type { Predictions, PredictOptions } from './models/latentVariablePredict.js'
export type { LatentVariableProgress } from './models/latentVariableProgress.js'
export { linearClassifier } from './models/linearClassifier.js'
export { type EncoderLearning, type ListaOptions, lista } from './models/lista.js'
export type { EncoderFitOptions } from './models/listaFit.js'
export type { AmortizedModel } from './models/listaModel.js'
export type { EncoderProgress, EncoderStatus } from './models/listaProgress.js'
export { type CodeRaceOptions, type CodeRacer, codeRace } from './models/listaRace.js'
// Models.
export type { AnyModel, ModelName } from './models/loadModel.js'
export { loadModel } from './models/loadModel.js'
export type { Model } from './models/model.js'
export { isObserved } from './models/observedMasks.js'
export {
  type PredictiveSparseDecompositionOptions,
  predictiveSparseDecomposition,
} from './models/predictiveSparseDecomposition.js'
export { restoreLatentVariable } from './models/restoreLatentVariable.js'
export {
  type SparseCoding,
  type SparseCodingData,
  type SparseCodingOptions,
  sparseCoding,
} from './models/sparseCoding.js'
export type { FitOptions } from './models/sparseCodingFit.js'
export type { SparseCodingEncodeOptions, SparseCodingModel } from './models/sparseCodingModel.js'
export {
  type VariationalAutoEncoder,
  type VariationalAutoEncoderOptions,
  variationalAutoEncoder,
} from './models/variationalAutoEncoder.js'
export type { VariationalFitOptions } from './models/variationalAutoEncoderFit.js'
export type {
  VariationalEncodeOptions,
  VariationalInference,
  VariationalModel,
} from './models/variationalAutoEncoderModel.js'
export type { VariationalProgress } from './models/variationalAutoEncoderProgress.js'
export type { VariationalSettings } from './models/variationalAutoEncoderSettings.js'
// Preprocessing.
export { centre } from './preprocess/centre.js'
export { contrastNormalize } from './preprocess/contrastNormalize.js'
export { gridPatches } from './preprocess/gridPatches.js'
export { type HighPassOptions, highPass } from './preprocess/highPass.js'
export { localContrast } from './preprocess/localContrast.js'
export { olshausen, olshausenGain } from './preprocess/olshausen.js'
export { patches } from './preprocess/patches.js'
export { assemble, cutGrid, patchGrid } from './preprocess/patchGrid.js'
export { fittedPipeline, imagePipeline, pipeline } from './preprocess/pipeline.js'
export { preprocessed, preprocessedImages } from './preprocess/preprocessed.js'
export type { FittedStep, ImageStep, NamedTensors, ObservationStep } from './preprocess/preprocessor.js'
export { restore, restoreImageStep } from './preprocess/restore.js'
export { unitVariance } from './preprocess/unitVariance.js'
export { zca } from './preprocess/zca.js'
// Restoration.
export { type DenoiseOptions, denoise } from './restoration/denoise.js'
export { type InpaintOptions, inpaint } from './restoration/inpaint.js'
export { noiseLevel } from './restoration/noiseLevel.js'
export type {
  DictionaryChoice,
  Restoration,
  RestorationOptions,
  RestorationProgress,
} from './restoration/restoration.js'
// Runtime.
export {
  type BackendName,
  type Device,
  type Program,
  type Runtime,
  type RuntimeOptions,
  runtime,
  type Value,
  type WasmPaths,
} from './runtime/runtime.js'
// Ground.
export {
  CancelledError,
  ConfigurationError,
  ConvergenceError,
  DataError,
  EnergiaError,
  FileFormatError,
  ShapeError,
} from './tensor/errors.js'
export { oneLine } from './tensor/oneLine.js'
export { type Rng, rng } from './tensor/random.js'
export { formatShape, rows, sizeOf, type Tensor, takeRows, tensor, zeros } from './tensor/tensor.js'
export { version } from './version.js'
// Views.
export { activeHistogram } from './views/activeHistogram.js'
export { atomUsage } from './views/atomUsage.js'
export { beforeAfter, type Panel } from './views/beforeAfter.js'
export { codeNormOverTime } from './views/codeNormOverTime.js'
export { codeRegions } from './views/codeRegions.js'
export { codesAlongPath } from './views/codesAlongPath.js'
export { type CodesBesideKernelsOptions, codesBesideKernels } from './views/codesBesideKernels.js'
export { codeValueHistogram } from './views/codeValueHistogram.js'
export { completions } from './views/completions.js'
export { convergenceRace } from './views/convergenceRace.js'
export { decomposition, decompositionSvg } from './views/decomposition.js'
export { encoderBesideDecoder, type FilterPair } from './views/encoderBesideDecoder.js'
export { type EnergyGapRaceOptions, type EnergyRacer, energyGapRace } from './views/energyGapRace.js'
export { energyOverTime } from './views/energyOverTime.js'
export { errorAgainstLabels, type LabelSeries } from './views/errorAgainstLabels.js'
export { formatNumber, formatShare } from './views/formatNumber.js'
export { fuzzyBalls } from './views/fuzzyBalls.js'
export { gaborChart } from './views/gaborChart.js'
export { type LandscapeOptions, landscape, landscapeGrid, type PlaneRegion, shareBelow } from './views/landscape.js'
export { latentGrid, latentGridCodes } from './views/latentGrid.js'
export { latentScatter } from './views/latentScatter.js'
export { mosaic, orderByUse } from './views/mosaic.js'
export { pictureSvg } from './views/pictureSvg.js'
export { reconstructions } from './views/reconstructions.js'
export { report } from './views/report.js'
export { samples } from './views/samples.js'
export { standaloneSvg } from './views/standaloneSvg.js'
export { terminalPreview } from './views/terminalPreview.js'
export { toPng } from './views/toPng.js'
export { type WaveformsOptions, waveforms } from './views/waveforms.js'
export { writePng } from './views/writePng.js'
